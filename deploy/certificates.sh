#!/bin/sh
# A certificate authority for a room without a network, and a certificate for the server:
#
#   deploy/certificates.sh FOLDER NAME [ADDRESS ...]
#   deploy/certificates.sh /etc/fpu/tls fpu.example 192.0.2.10
#
# makes in FOLDER   authority.pem  to be installed in browsers and phones
#                   authority.key  what signs; keep it on a stick in a safe, not on the server
#                   server.pem, server.key  for nginx and Caddy
# When the authority is there already, only the server's are made anew. The authority can speak for
# this name and these addresses alone, so a stolen one is of no use for any other site.
set -eu
umask 077

[ $# -ge 2 ] || { sed -n '2,6p' "$0" >&2; exit 2; }
folder=$1 name=$2
shift 2
mkdir -p "$folder"
cd "$folder"

permitted="permitted;DNS:$name" names="DNS:$name"
[ $# -gt 0 ] || permitted="$permitted,excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::"
for address in "$@"; do
    case $address in
        *:*) mask=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ;;
        *) mask=255.255.255.255 ;;
    esac
    permitted="$permitted,permitted;IP:$address/$mask"
    names="$names,IP:$address"
done

key() {
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null ||
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

if [ ! -e authority.pem ]; then
    key authority.key
    openssl req -x509 -new -key authority.key -sha256 -days 3650 -out authority.pem \
        -subj "/CN=Operations dashboard $name" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -addext "nameConstraints=critical,$permitted"
fi

# Phones accept at most 825 days.
key server.key
openssl req -new -key server.key -subj "/CN=$name" -out server.csr
cat > server.ext <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=$names
END
openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -sha256 -days 820 \
    -set_serial "0x$(openssl rand -hex 16)" -extfile server.ext -out server.pem
rm server.csr server.ext
openssl verify -CAfile authority.pem server.pem
chmod 644 authority.pem server.pem

"""Words that a stranger tries first here: this product, its people, where they are, what one writes
where a password is asked for. In small letters, without accents; three letters or more."""

from __future__ import annotations

KNOWN_WORDS: tuple[str, ...] = (
    # this product and the people who use it
    *("eulex", "fpu", "kfor", "nato", "osce", "unmik", "dashboard", "operations", "operational"),
    *("police", "policja", "policia", "policija", "patrol", "platoon", "pluton", "commander"),
    *("dowodca", "officer", "mission", "misja", "formedpolice", "poland", "polska", "warszawa"),
    *("operacje", "operacija", "operacioni", "eulexkosovo", "ifpu", "kosovopolice", "policjant"),
    *("policajac", "komandir", "komandant", "komanda", "komenda", "dowodztwo", "oficer", "zoll"),
    *("patrola", "patrulla", "patrulle", "batalion", "kompania", "kompanija", "zandarm"),
    *("headquarters", "camp", "villaggio", "campvillaggio", "bondsteel", "novoselo", "kampi"),
    *("baza", "oboz", "koszary", "kasarna", "kazerma", "dyzurny", "dyzur"),
    *("sluzba", "sherbim", "siguria", "security", "bezbednost", "bezpieczenstwo", "european"),
    *("polski", "polak", "krakow", "gdansk", "italia", "carabinieri", "gendarmerie", "europe"),
    # where they are
    *("kosovo", "kosova", "kosowo", "mitrovica", "mitrovice", "pristina", "prishtina", "prishtine"),
    *("prizren", "peja", "gjakova", "djakovica", "ferizaj", "urosevac", "gjilan", "gnjilane"),
    *("zvecan", "leposavic", "leposaviq", "zubinpotok", "jarinje", "brnjak", "gracanica"),
    *("strpce", "podujevo", "vushtrri", "vucitrn", "skenderaj", "srbica", "rahovec", "orahovac"),
    *("mitrowica", "prisztina", "peje", "gjakove", "obiliq", "obilic", "lipjan", "lipljan"),
    *("drenas", "glogovac", "suhareka", "suvareka", "kamenica", "dragash", "kacanik", "istog"),
    *("kline", "klina", "decan", "malisheva", "shtime", "stimlje", "metohija", "dukagjin"),
    *("shqiperia", "shqiperi", "shqipe", "shqiptar", "albania", "albanija", "tirana", "tirane"),
    *("serbia", "srbija", "serbien", "beograd", "belgrade", "belgrad", "raska", "balkan"),
    *("macedonia", "makedonija", "skopje", "shkup", "montenegro", "crnagora", "podgorica"),
    # what people write where a password is asked for
    *("password", "passwort", "haslo", "login", "admin", "administrator", "welcome", "witaj"),
    *("qwerty", "qwertz", "letmein", "secret", "changeme", "default", "test", "demo"),
    *("fjalekalimi", "fjalekalim", "fjalkalimi", "lozinka", "sifra", "zaporka", "geslo", "hasla"),
    *("passcode", "passphrase", "sekret", "sekreti", "tajne", "tajna", "parola", "parole"),
    *("miresevini", "dobrodosli", "zdravo", "pershendetje", "mirdita", "dziendobry"),
    *("zaqwsx", "iloveyou", "monkey", "dragon", "master", "superuser", "guest"),
    *("perdorues", "korisnik", "uzytkownik", "temporary", "tymczasowe", "poczatek"),
)

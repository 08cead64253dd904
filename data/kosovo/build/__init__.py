"""The reproducible build of the offline basemap: pinned packages in, small files out."""

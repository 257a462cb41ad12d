"""The built-in checks, one file each; `score/catalogue.py` lists them."""

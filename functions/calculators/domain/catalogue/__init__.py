"""One file a calculator. To add one, add a file that offers `CALCULATOR`; nothing else needs to know it."""

"""The command `i2e`. The only room that imports click: parse, call one workflow, render."""

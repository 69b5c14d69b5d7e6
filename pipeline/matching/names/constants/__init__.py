"""Constants of names: how frequent a token is, and which tokens are variants of one name. Built by build.py."""

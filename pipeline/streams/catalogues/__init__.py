"""The catalogues of topics, rights and metrics: plain tables from which the rest follows."""

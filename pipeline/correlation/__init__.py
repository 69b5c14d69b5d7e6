"""Pure correlation: blocking keys, block stores, the correlator (store + fingerprint -> claims) and the batch run."""

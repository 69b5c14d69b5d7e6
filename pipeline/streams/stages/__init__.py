"""The stages: intake, derive, correlate, project, notify, attest, and what each is made of."""

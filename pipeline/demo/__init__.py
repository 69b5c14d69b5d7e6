"""The demonstration: a seeded feed with its truth kept aside, run through the real pipeline and judged."""

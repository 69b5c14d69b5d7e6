"""The agency's side: validate, push, receipts, hits, mapping kits."""

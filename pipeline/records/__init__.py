"""What a case record is: model, validation, normalisation, identifiers, rejection reasons (schemas/case.schema.json)."""

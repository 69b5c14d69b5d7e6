"""What a case record is: model, validation, normalisation, identifiers, rejection reasons."""

"""Who is cared for: the FHIR-shaped record and the relationships that open it."""

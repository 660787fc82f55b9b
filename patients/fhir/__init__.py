"""FHIR R4 in and out: bundles read safely, resources mapped to rows and given back unchanged."""

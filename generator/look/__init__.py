"""All that is seen but is not geometry: drawn as plain numbers, by probabilities in one YAML."""

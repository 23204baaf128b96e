"""The page of `dlm spec design`: a head in the browser, on which a layout is picked."""

"""Who answers: a module or package for each backend."""

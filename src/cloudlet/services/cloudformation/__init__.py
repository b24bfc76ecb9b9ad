"""CloudFormation: templates become stacks of resources."""

"""Stand-in ServiceNow, Jira and Confluence servers on loopback, for the demo and the tests of itss-bridge."""

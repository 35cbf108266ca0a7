"""Ways to run Queuecast: on one machine (`local`), in containers, on Kubernetes."""

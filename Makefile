# make demo   a server in a container that answers at 127.0.0.1, its certificates, its clients
# make test   all that .ci/run asks for
BIN := $(CURDIR)/.venv/bin
STEP := @tests/lab/step
DEMO_HTTPS_PORT ?= 8443
DEMO_HTTP_PORT ?= 8080
export DEMO_HTTPS_PORT DEMO_HTTP_PORT
demo demo-down images test: export PATH := $(BIN):$(PATH)

.PHONY: venv engine images demo demo-down test clean

venv: .venv/requirements.txt

.venv/requirements.txt: tests/requirements.txt
	$(STEP) 'virtual environment .venv' tests/lab/venv.sh .venv

engine:
	$(STEP) 'container engine' tests/lab/engine.sh

images: venv engine
	$(STEP) 'container images' python tests/lab/images.py debian:12 debian:13 services thunderbird

demo: venv engine
	$(STEP) 'containers: server, name server, certificate authority' \
		ansible-playbook -i demo/hosts.yml tests/lab/create.yml
	$(STEP) 'ansible-playbook site.yml' ansible-playbook -i demo/hosts.yml site.yml
	$(STEP) 'what the clients get' python demo/ask.py user@example.test user@corp.test

demo-down: venv
	$(STEP) 'remove the demo' ansible-playbook -i demo/hosts.yml tests/lab/destroy.yml
	@rm -rf .demo

# Lint, sanity tests on the built tarball, unit tests, molecule, real clients.
test: venv engine

clean:
	rm -rf .venv .demo .cache build *.tar.gz

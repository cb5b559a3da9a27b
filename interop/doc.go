// Package interop shows Duoplane to the programs it is made for: Ansible with
// NetApp's collection, curl, a client generated from Duoplane's own OpenAPI
// document by the generator Trident uses, and the opening calls of NetApp's
// other clients, each as strict as the client it stands for.
//
// The tests build the binary, start "duoplane dev" and drive the outside
// programs at its ports. Prism stands between the server and Ansible and curl
// and compares every request and every answer with the OpenAPI document.
//
// interop/run.sh installs what the tests need and runs them; it is a module of
// its own so that "go test ./..." of the repository needs nothing but Go.
package interop

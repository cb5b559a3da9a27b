// Package duosim imitates Duo's service well enough that Duo clients written by
// others log in, and are refused, against it unmodified: no Duo account, no
// internet, no telephone.
//
// It speaks the Auth API v2 in forms and JSON, the text dialect of Duo Unix 2.2
// and later (factor "prompt"), and the old /rest/v1 dialect in JSON and BSON
// down to Duo Unix 1.11. Signatures of every version in use are checked with
// code of its own, and the journal says which combination of canonical form,
// digest, date and host fitted. Users, phones, tokens, passcodes, lock-out and
// faults come from a seed file (see Seed) and change at run time through a JSON
// control API and a page that stands in for the telephone.
//
// A Sim is two handlers, API and Control, which belong on two listeners: who
// reaches Control can approve any login. It is a tool for development and
// tests: it is never fit to protect anything, keeps no file, and forgets all it
// knew when the process ends.
//
// The control API speaks JSON, strictly: unknown members are refused, errors are
// {"error":{"code","target","message"}}.
//
//	GET POST            /api/integrations              POST answers with the secret key
//	PATCH               /api/integrations/{ikey}       {"off":true}
//	GET POST            /api/users                     as in a seed file
//	GET PATCH DELETE    /api/users/{name}              {"state":"locked_out"}
//	POST                /api/users/{name}/bypass_codes {"count":1}
//	GET                 /api/pushes                    what waits for a person
//	POST                /api/pushes/{txid}             {"answer":"approve","code":"123"}
//	GET PATCH           /api/settings                  as in a seed file
//	GET POST DELETE     /api/faults                    as in a seed file
//	DELETE              /api/faults/{id}
//	GET DELETE          /api/journal                   ?after=NUMBER&user=NAME&step=STEP
//	POST                /api/reset                     begin again with the seed
//
// Where the behaviour of Duo's service is not publicly known, the simulator
// does the safe thing and its documentation says "by choice".
package duosim

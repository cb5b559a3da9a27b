// Package shell speaks ONTAP's command language over any reader and writer:
// the prompt, its directories and abbreviations, help and completion, queries
// in parameters, tables and blocks, paging, history and confirmations.
//
// Commands come from the same declarations as the REST API. A [Resource] gives
// a kind of record the verbs create, modify, show and delete; a [Command] is a
// verb of its own. [New] builds the tree of them once; a [Session] is what one
// connection holds, and is cheap.
//
// The package knows no SSH and no HTTP. Its caller has authenticated the user
// and says who that is and what their role allows.
package shell

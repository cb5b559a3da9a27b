// Package record is the engine under every face of Duoplane. A resource
// declares its fields once, as rows; from the rows come reading and checking
// of bodies and flags, ONTAP's query language, order, paging, projection and
// the documents that describe it all. The package knows no HTTP, no shell and
// no Duo.
//
// What comes in:
//
//	body  ─ ParseObject ─► Body ─ ReadObject ─┐
//	flags ─ ReadFlags ────────────────────────┴► Input ─ New, Apply ─► *T
//
// What is asked for:
//
//	parameters ─ ParseQuery ─► Query ─ Run(rows) ─► Page ─ Project ─► Value
//
// Everything is checked on its way in: an Input holds only values that fit
// their rows, a Query only typed questions about rows that exist. So nothing
// behind them parses, looks up names or reflects, and matching a record does
// not allocate.
//
// Errors are *fault.Error with the REST path, or the parameter, to blame.
// Their messages follow ONTAP's where its text is known, repeat at most 64
// bytes of what was given, and nothing of a secret.
//
// Where ONTAP's documentation leaves the query language open, this is what
// holds here:
//
//   - text compares by its bytes and with regard to letter case; enums and
//     truth values are read in any letter case, enums compare by the alphabet;
//   - what is not set matches null and negations, nothing else; in an order it
//     comes first, descending last;
//   - an array matches if any element does, and matches a negation if none
//     matches what is negated;
//   - a page's next link begins with the first record that was not returned,
//     by its sort values and key, so a record that does not change while the
//     pages are read is listed exactly once;
//   - a "next" is only given when something is behind it, except after a
//     missed deadline.
package record

package duosim

// ReadBSON lets tests over the network read BSON, as JSON.
func ReadBSON(b []byte) ([]byte, error) {
	doc, rest, err := readBSON(b)
	if err != nil || len(rest) != 0 {
		return nil, errBSON
	}
	return plainJSON(doc)
}

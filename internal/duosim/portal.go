package duosim

import "net/http"

// portal serves the pages enrolment links lead to.
func (s *Sim) portal() http.Handler {
	return http.NotFoundHandler()
}

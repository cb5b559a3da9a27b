package duosim

import (
	"crypto/hmac"
	"fmt"
	"io"
	"strings"
	"time"
)

// tryPasscode looks for a passcode among everything the user has: bypass
// codes, SMS batches, phones and tokens. A right one is used up.
func (u *user) tryPasscode(now time.Time, passcode string) verdict {
	passcode = strings.ReplaceAll(strings.TrimSpace(passcode), " ", "")
	best := wrongCode
	for _, b := range u.bypass {
		if same(b.code, passcode) {
			if !b.used || b.reusable {
				b.used = true
				return rightCode
			}
			best = usedCode
		}
	}
	for _, d := range u.devices {
		for i := range d.sms {
			if same(d.sms[i].code, passcode) {
				if !d.sms[i].used {
					d.sms[i].used = true
					return rightCode
				}
				best = usedCode
			}
		}
		if d.otp == nil {
			continue
		}
		switch d.otp.try(now, passcode) {
		case rightCode:
			return rightCode
		case usedCode:
			best = usedCode
		case wrongCode:
		}
	}
	return best
}

func same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// sendSMS replaces the device's batch of SMS passcodes. Each begins with a
// digit of its own, by which the menu names the next one.
func (d *device) sendSMS(random io.Reader, n int) error {
	batch := make([]smsCode, n)
	for i := range batch {
		tail, err := randomText(random, 6, digits)
		if err != nil {
			return err
		}
		batch[i].code = fmt.Sprintf("%d%s", (i+1)%10, tail)
	}
	d.sms = batch
	return nil
}

// nextSMS is the first digit of the next code of the batch, "" when no code is
// left.
func (d *device) nextSMS() string {
	for _, c := range d.sms {
		if !c.used {
			return c.code[:1]
		}
	}
	return ""
}

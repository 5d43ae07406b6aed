package chat

import "github.com/nyaruka/phonenumbers"

// ParsePhone reads a telephone number as people write it. region is the ISO
// 3166 country of numbers without a country code. The error is an [Error] with
// code invalid_phone and does not hold the number.
func ParsePhone(s, region string) (Phone, error) {
	bad := Errorf(InvalidPhone, "that is not a telephone number; write it with its area code")
	if len(s) > 64 { // phonenumbers itself stops at 250
		return "", bad
	}
	n, err := phonenumbers.Parse(s, region)
	if err != nil || n.GetExtension() != "" {
		return "", bad
	}
	// Not IsPossibleNumber: it takes 555 0123, which nobody can send an SMS to.
	if phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return "", bad
	}
	return Phone(phonenumbers.Format(n, phonenumbers.E164)), nil
}

package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hearth/store"
)

func TestDoctorLooksAtTheCertificatesKey(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"config.yaml": "listen: 127.0.0.1:0\npublic_url: https://chat.example.org\ntls: {cert_file: cert.pem, key_file: key.pem}\n",
	})
	newCertificate(t).save(t, dir)
	for mode, want := range map[os.FileMode]string{
		0o600: "", 0o640: "",
		0o644: "  FAILED   others can read or change key.pem (mode 0644), the certificate's key\n",
		0o660: "  FAILED   others can read or change key.pem (mode 0660), the certificate's key\n",
	} {
		if err := os.Chmod(filepath.Join(dir, "key.pem"), mode); err != nil {
			t.Fatal(err)
		}
		status := 0
		if want != "" {
			status = 1
		}
		out, _ := hearth(t, dir, status, "doctor")
		if !strings.Contains(out, want) || strings.Contains(out, "key.pem") != (want != "") {
			t.Errorf("mode %04o:\n%s", mode, out)
		}
	}
}

func TestDoctorTellsHowOldTheNewestBackupIs(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"config.yaml": "listen: 127.0.0.1:0\n", "roster.yaml": sampleRoster})
	hearth(t, dir, 0, "import", "roster.yaml")
	for days, want := range map[int]string{
		1: "  ok       the newest one is of ", 3: ": 3 days old\n", 40: ": 40 days old\n",
	} {
		noted(t, dir, time.Now().Add(-time.Duration(days)*24*time.Hour-time.Minute))
		if out, _ := hearth(t, dir, 0, "doctor"); !strings.Contains(out, want) {
			t.Errorf("after %d days:\n%s", days, out)
		}
	}
}

// noted has the data in dir know of a backup.
func noted(t *testing.T, dir string, at time.Time) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.DataDir = filepath.Join(dir, "data")
	st, _, err := openStore(t.Context(), cfg, true, nil, func(store.Event) {}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.NoteBackup(t.Context(), at); err != nil {
		t.Fatal(err)
	}
}

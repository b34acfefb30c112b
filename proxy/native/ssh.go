package native

import (
	"bytes"
	"encoding/binary"
)

func isSSH(said []byte) bool { return bytes.HasPrefix(said, []byte("SSH-")) }

// refuseSSH disconnects before keys are exchanged, when packets are neither encrypted nor authenticated yet
// (RFC 4253 4.2, 6 and 11.1). OpenSSH shows the reason as "Received disconnect from ...".
func refuseSSH(c *client, reason Reason) error {
	const disconnect, notAllowed, notAvailable = 1, 1, 7 // SSH_MSG_DISCONNECT, SSH_DISCONNECT_HOST_NOT_ALLOWED_TO_CONNECT, _SERVICE_NOT_AVAILABLE
	code := uint32(notAvailable)
	if reason.Denied {
		code = notAllowed
	}
	payload := binary.BigEndian.AppendUint32([]byte{disconnect}, code)
	payload = binary.BigEndian.AppendUint32(payload, uint32(len(reason.Text)))
	payload = append(payload, reason.Text...)
	payload = binary.BigEndian.AppendUint32(payload, 0) // language tag
	_, err := c.Write(append([]byte("SSH-2.0-exeat\r\n"), sshPacket(payload)...))
	return err
}

// sshPacket frames a payload: its length, that of the padding, and the two (RFC 4253 6).
func sshPacket(payload []byte) []byte {
	const block, least = 8, 4
	padding := block - (4+1+len(payload))%block
	if padding < least {
		padding += block
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+padding))
	out = append(out, byte(padding))
	return append(append(out, payload...), make([]byte, padding)...)
}

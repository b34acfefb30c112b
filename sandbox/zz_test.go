package sandbox_test
import ("testing";"time";"fmt";"os";"exeat/sandbox/control")
func TestZZ(t *testing.T){
	boxes := newBoxes(t)
	for i:=0;i<6;i++ {
	args:=frozen(t,"z",testPolicy)
	t0:=time.Now()
	create(t,boxes,args)
	t1:=time.Now()
	run(t,boxes,"z","/bin/true")
	fmt.Println("create",t1.Sub(t0),"exec",time.Since(t1))
	d,_:=os.ReadFile(control.Dir(boxes.Dirs.Sandbox(args.ID)).Log()); if i==5 {fmt.Println(string(d))}
	t0=time.Now()
	boxes.Delete(t.Context(),"z")
	fmt.Println("delete",time.Since(t0))
	}
}

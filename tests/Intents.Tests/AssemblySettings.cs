using Xunit.Sdk;
using Xunit.v3;

// Most of these tests wait, for elections and for faults to pass, and run side by side. Those that share a cluster run one at a time (OneAtATime), and those that promise how long something takes have the machine alone (MachineAlone).
[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = 3)]

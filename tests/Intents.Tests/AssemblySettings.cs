using Xunit.Sdk;
using Xunit.v3;

// Most of these tests wait, for elections and for faults to pass, and run side by side. Those that promise how long something takes run one at a time: OneAtATime.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 4)]

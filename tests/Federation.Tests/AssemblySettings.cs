using Xunit.Sdk;
using Xunit.v3;

// Some tests wait for heartbeats and timeouts. Four at a time keep two processors busy meanwhile.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 4)]

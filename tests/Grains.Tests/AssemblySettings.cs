using Xunit.Sdk;
using Xunit.v3;

// Many tests wait for leases and for silos that are lost. Four at a time keep two processors busy meanwhile.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 4)]

using Xunit.Sdk;
using Xunit.v3;

// Many tests wait: for leases, for silos that are lost, for leaders. More of them at a time than there are processors keep these busy.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 4)]

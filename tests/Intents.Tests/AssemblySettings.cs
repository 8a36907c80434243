using Xunit.Sdk;
using Xunit.v3;

// Most tests here run several processes that elect leaders by the clock; on two cores they would only get in each other's way.
[assembly: Parallelization(Mode = ParallelMode.None)]

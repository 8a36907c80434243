using Xunit.Sdk;
using Xunit.v3;

// Every test here runs several processes; on two cores they would only get in each other's way.
[assembly: Parallelization(Mode = ParallelMode.None)]

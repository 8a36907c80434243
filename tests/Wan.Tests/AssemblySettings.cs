using Xunit.Sdk;
using Xunit.v3;

// Every test here measures time; on two cores they would measure each other.
[assembly: Parallelization(Mode = ParallelMode.None)]

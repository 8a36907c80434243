using Xunit.Sdk;
using Xunit.v3;

// The tests send packets through the lab and see when they arrive; on two cores they would see each other.
[assembly: Parallelization(Mode = ParallelMode.None)]

using Xunit.Sdk;
using Xunit.v3;

// The tests send packets through the lab and see when they arrive. On two cores, a second test would delay them.
[assembly: Parallelization(Mode = ParallelMode.None)]

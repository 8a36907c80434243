using Xunit.Sdk;
using Xunit.v3;

// The chaos runs of the two logs mostly wait and run side by side. All other tests elect leaders by the clock and run one at a time: OneAtATime.
[assembly: Parallelization(Mode = ParallelMode.Collections)]

namespace Meridian.TestModules;

/// <summary>
/// Tests that promise how long something takes, in a module that otherwise runs beside others. They run after the other tests of their module. The module then waits until the other modules have
/// ended, and keeps new ones from beginning.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MachineAlone : ICollectionFixture<MachineAlone.Lease>
{
    public const string Name = "machine alone";

    public sealed class Lease : IAsyncLifetime
    {
        public async ValueTask InitializeAsync() => await ModuleLock.ChangeAsync(MachineUse.Alone);

        public async ValueTask DisposeAsync() => await ModuleLock.ChangeAsync(null);
    }
}

namespace Meridian.Simulation.Model;

internal enum OutageKind
{
    Kill,
    Freeze,
}

namespace Meridian.Inference.Engines.Generation.Scheduling;

internal enum SequenceState
{
    Waiting,
    Running,
    Ended,
}

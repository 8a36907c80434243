namespace Meridian.IntentNode;

/// <summary>A change of one record, as a test asks a node for it.</summary>
/// <param name="Operation">Names the change.</param>
/// <param name="Name">Of the record.</param>
/// <param name="Condition">Epoch that the record must have; null: any.</param>
/// <param name="Value">New value; null deletes the record.</param>
/// <param name="WaitMs">How long the node may try.</param>
public sealed record NodeChange(Guid Operation, string Name, long? Condition, int? Value, int WaitMs);

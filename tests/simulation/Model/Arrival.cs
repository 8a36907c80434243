namespace Meridian.Simulation.Model;

/// <summary>One request of a trace.</summary>
/// <param name="AtMs">When, ms.</param>
/// <param name="Edge">Where.</param>
/// <param name="Model">Which.</param>
/// <param name="Conversation">Of which conversation.</param>
/// <param name="Prompt">Tokens of the prompt.</param>
/// <param name="Output">Tokens of the answer.</param>
/// <param name="Flex">Whether it can wait.</param>
internal readonly record struct Arrival(double AtMs, int Edge, int Model, ulong Conversation, int Prompt, int Output, bool Flex);

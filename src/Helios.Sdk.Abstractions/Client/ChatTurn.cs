namespace Helios.Sdk;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks, as the model's chat template knows it: <c>system</c>, <c>user</c>, <c>assistant</c>, ...</param>
/// <param name="Content">What is said. Control tokens spelled out in it stay text.</param>
public sealed record ChatTurn(string Role, string Content);

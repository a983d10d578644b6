using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>A tensor as a header describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">One past its last byte.</param>
internal sealed record TensorEntry(string Name, ElementType Type, long[] Shape, long Begin, long End);

/// <summary>An element type of a file format.</summary>
/// <param name="Name">As the format names it.</param>
/// <param name="Computable">The type as the engine computes with it; null for those that it does not.</param>
internal readonly record struct ElementType(string Name, TensorType? Computable);

using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Candidates;

/// <summary>What is known of a model before anything of it runs.</summary>
/// <param name="Info">What its headers say.</param>
/// <param name="Size">Bytes of its parts.</param>
/// <param name="WorkspaceBytes">Bytes of its activations.</param>
/// <param name="Confidence">Where the calibration that is learnt takes effect.</param>
internal sealed record ModelFacts(CheckpointInfo Info, LoadSize Size, long WorkspaceBytes, ConfidenceSource Confidence);

@_exported import FoldinBaselines
@_exported import FoldinComparison
@_exported import FoldinEvaluation
@_exported import FoldinInteractions
@_exported import FoldinModels
@_exported import FoldinPreparation
@_exported import FoldinRecommending
@_exported import FoldinSupport
@_exported import FoldinTraining

@_exported import struct FoldinKernels.AdamUpdate
// What the others' interfaces name of the kernels.
@_exported import protocol FoldinKernels.ComputeEngine
@_exported import class FoldinKernels.FloatBuffer
@_exported import struct FoldinKernels.KernelEngine
@_exported import struct FoldinKernels.Workers
